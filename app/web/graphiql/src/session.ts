/** Who is logged in. The token stays in this tab and goes with it. */

import { ask, told } from "./asking";

const TOKEN = "bangfu:token";
const NAME = "bangfu:name";

/** A person as the server sees one. */
export interface Viewer {
  name: string;
  roles: string[];
  places: string[];
  isEverywhere: boolean;
  permissions: string[];
}

/** Nobody could be logged in; the message is the server's. */
export class Refused extends Error {}

export function keptToken(): string | null {
  return sessionStorage.getItem(TOKEN);
}

/** Keeps a token for its owner; if somebody else was here before, what they have asked is cleared away. */
export function keepToken(token: string, owner: Viewer): void {
  const previous = sessionStorage.getItem(NAME);
  if (previous !== null && previous !== owner.name) forget();
  sessionStorage.setItem(TOKEN, token);
  sessionStorage.setItem(NAME, owner.name);
}

/** Drops a token that is no longer good; whoever comes back with a new one finds their queries. */
export function dropToken(): void {
  sessionStorage.removeItem(TOKEN);
}

/** Forgets the token and with it everything that was asked: the next person at this desk finds an empty page. */
export function forget(): void {
  sessionStorage.clear();
}

let isEnding = false;

/** Keeps nothing more of what is asked on this page, which is about to be left: GraphiQL writes some time after it is typed. */
export function stopKeeping(): void {
  isEnding = true;
}

/** Where GraphiQL keeps what is asked: in this tab, as long as the page stays. */
export const storage = {
  get length() {
    return sessionStorage.length;
  },
  getItem: (key: string) => sessionStorage.getItem(key),
  setItem: (key: string, value: string) => {
    if (!isEnding) sessionStorage.setItem(key, value);
  },
  removeItem: (key: string) => sessionStorage.removeItem(key),
  clear: () => sessionStorage.clear(),
};

/** Whether the server lets in whoever shows no token: one that asks for tokens may do so until it has issued the first. */
export async function isOpen(): Promise<boolean> {
  try {
    return (await ask({ query: "{ __typename }" }, null)).status !== 401;
  } catch {
    return true; // what is wrong with the server is told where questions are answered
  }
}

/** Asks the server who a token belongs to. */
export async function whoIs(token: string): Promise<Viewer> {
  const query = "{ viewer { name roles places isEverywhere permissions } }";
  const { status, result } = await ask({ query }, token);
  const viewer = (result.data as { viewer?: Viewer | null } | null | undefined)?.viewer;
  if (viewer) return viewer;
  const words = told(result) || "The server asks for no token 伺服器不需要令牌";
  throw status === 401 ? new Refused(words) : new Error(words);
}
