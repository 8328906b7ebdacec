/** The villages of a place that planted the most orchard. A fragment says what one line needs, and nobody else reads it. */

import { type FragmentType, graphql, read } from "./gql/index.js";

export const Villages = graphql(/* GraphQL */ `
  query Villages($within: PlaceCode!, $first: Int!) {
    villages(within: $within, orderBy: [{ industry: { orchardArea: DESC } }], first: $first) {
      totalCount
      nodes {
        code
        ...VillageLine
      }
    }
  }
`);

const VillageLine = graphql(/* GraphQL */ `
  fragment VillageLine on Village {
    name
    township {
      name
    }
    industry {
      orchardArea(period: "2015") {
        value
        unit
      }
    }
  }
`);

/** One line of the list: a village without reports has no number, which is not zero. */
export function line(village: FragmentType<typeof VillageLine>): string {
  const { name, township, industry } = read(VillageLine, village);
  const area = industry?.orchardArea;
  const planted = area?.value == null ? "not reported" : `${area.value} ${area.unit}`;
  return `${township?.name ?? ""} ${name}: ${planted}`;
}
