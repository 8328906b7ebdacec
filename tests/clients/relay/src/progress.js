import { graphql } from "relay-runtime";

graphql`
  subscription progressSubscription($place: PlaceCode!) {
    progress(place: $place) {
      ... on Township {
        name
        industry {
          orchardArea {
            value
            unit
          }
        }
      }
    }
  }
`;
