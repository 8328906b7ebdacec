/** The documents that every client is given, and the variables that go with them. */

export const VILLAGES = /* GraphQL */ `
  query Villages($within: PlaceCode!, $first: Int!, $after: String) {
    villages(within: $within, first: $first, after: $after, orderBy: [{ code: ASC }]) {
      totalCount
      edges {
        cursor
        node {
          id
          code
          township {
            id
            name
          }
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`;

export const TOWNSHIP = /* GraphQL */ `
  query Township($code: PlaceCode!) {
    township(code: $code) {
      id
      code
      name
    }
  }
`;

export const WRONG = /* GraphQL */ `
  query Wrong($code: PlaceCode!) {
    township(code: $code) {
      id
      noSuchField
    }
  }
`;

export const PROGRESS = /* GraphQL */ `
  subscription Progress($place: PlaceCode!) {
    progress(place: $place) {
      ... on Township {
        id
        name
        industry {
          orchardArea {
            value
          }
        }
      }
    }
  }
`;

export const CHANGES = /* GraphQL */ `
  subscription Changes($place: PlaceCode!) {
    changes(plugin: "industry", place: $place) {
      plugin
      record
      place
      count
    }
  }
`;

export const SOME = { within: "620502", first: 3 };
export const MADE = { code: "620502100" };
export const UNKNOWN = { code: "62" };
export const PLACE = { place: "620502100" };
