"""Derives GraphQL from declarations: types, inputs, the root; knows nothing of how they are answered."""
