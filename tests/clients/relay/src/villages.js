import { graphql } from "relay-runtime";

graphql`
  query villagesPageQuery($township: PlaceCode!, $count: Int!) {
    township(code: $township) {
      name
      ...villages_list @arguments(count: $count)
    }
  }
`;

graphql`
  fragment villages_list on Township
  @refetchable(queryName: "villagesNextQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" }) {
    villages(first: $count, after: $cursor, orderBy: [{ code: ASC }]) @connection(key: "villages_list_villages") {
      totalCount
      edges {
        node {
          code
          name
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;
