/** What the server has put into the page. */

/** A query for a newcomer, with its title in both languages. */
export interface Example {
  name: string;
  title: string;
  zh: string;
  query: string;
}

/** A made-up person of the demo, who logs in with one click. */
export interface Login {
  title: string;
  zh: string;
  token: string;
}

export interface PageData {
  /** Whether the server may ask for a token. */
  needsToken: boolean;
  examples: Example[];
  logins: Login[];
}

export const page = JSON.parse(document.getElementById("data")!.textContent) as PageData;
