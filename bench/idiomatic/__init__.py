"""The usual way: Strawberry types over SQLAlchemy's ORM, with a dataloader wherever one row leads to others."""
