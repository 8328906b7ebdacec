/** The page: a head with examples and a login, and GraphiQL below it once the server lets somebody in. */

import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState } from "react";

import { page } from "./data";
import { Examples, textOf } from "./examples";
import { createFetcher } from "./fetcher";
import { LoginForm, Me } from "./identity";
import {
  dropToken,
  forget,
  isOpen,
  keepToken,
  keptToken,
  Refused,
  stopKeeping,
  storage,
  type Viewer,
  whoIs,
} from "./session";

const address = new URLSearchParams(location.search);
const first = page.examples[0];

export function App() {
  const [viewer, setViewer] = useState<Viewer | null>(null);
  const [token, setToken] = useState<string | null>(null);
  const [problem, setProblem] = useState("");
  const [isLetIn, setIsLetIn] = useState(!page.needsToken);
  const [isChecking, setIsChecking] = useState(page.needsToken);
  const [head, setHead] = useState<HTMLElement | null>(null);

  async function logIn(given: string) {
    try {
      const found = await whoIs(given);
      if (isLetIn) stopKeeping();
      keepToken(given, found);
      // What another person has been shown must not stay on the page: it is loaded anew.
      if (isLetIn) return location.reload();
      setToken(given);
      setViewer(found);
      setProblem("");
      setIsLetIn(true);
    } catch (error) {
      setProblem((error as Error).message);
      if (error instanceof Refused && given === keptToken()) dropToken();
    }
    setIsChecking(false);
  }

  async function begin() {
    const kept = keptToken();
    if (kept) return logIn(kept);
    setIsLetIn(await isOpen());
    setIsChecking(false);
  }

  useEffect(() => {
    if (page.needsToken) void begin();
  }, []); // once, at the start: later tokens come from the form

  function leave() {
    stopKeeping();
    forget();
    location.replace(location.pathname);
  }

  const fetcher = useMemo(
    () =>
      createFetcher(token, (words) => {
        setViewer(null);
        setProblem(words);
      }),
    [token],
  );

  const form = <LoginForm problem={problem} onToken={(given) => void logIn(given)} />;
  return (
    <>
      <header className="head">
        <h1>
          <span>幫扶</span> bangfu
        </h1>
        <nav ref={setHead} aria-label="Example queries 範例查詢" />
        {viewer && <Me viewer={viewer} onLeave={leave} />}
        {!viewer && isLetIn && problem !== "" && form}
      </header>
      {isLetIn ? (
        <main>
          <GraphiQL
            fetcher={fetcher}
            storage={storage}
            isHeadersEditorEnabled={false}
            inputValueDeprecation
            schemaDescription
            defaultTabs={first ? [{ query: textOf(first) }] : []}
            {...asked()}
          >
            {head && <Examples into={head} />}
          </GraphiQL>
        </main>
      ) : (
        <main className="outside">
          <div hidden={isChecking}>
            <p>
              This server asks who you are: log in with a token.
              <br />
              <span lang="zh-Hant">本伺服器需要登入：請貼上令牌。</span>
            </p>
            {form}
          </div>
        </main>
      )}
    </>
  );
}

/** The query in the page's address, by which colleagues send each other a question. */
function asked() {
  const query = address.get("query");
  const variables = address.get("variables");
  return { ...(query ? { initialQuery: query } : {}), ...(variables ? { initialVariables: variables } : {}) };
}
