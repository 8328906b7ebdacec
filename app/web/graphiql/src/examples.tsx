/** The queries for a newcomer: each opens in a tab of its own. */

import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useRef } from "react";
import { createPortal } from "react-dom";

import { type Example, page } from "./data";

/** The text of an example as a tab shows it: with its titles, and with a name, which becomes the tab's. */
export function textOf({ name, title, zh, query }: Example): string {
  const operation = name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return `# ${title}\n# ${zh}\n\n${query.startsWith("{") ? `query ${operation} ${query}` : query}\n`;
}

/** A menu, shown in an element of the page's head; to be used inside GraphiQL, whose tabs it opens. */
export function Examples({ into }: { into: HTMLElement }) {
  const { addTab, changeTab } = useGraphiQLActions();
  const { tabs, queryEditor } = useGraphiQL(pick("tabs", "queryEditor"));
  const menu = useRef<HTMLDetailsElement>(null);

  function open(example: Example) {
    if (menu.current) menu.current.open = false;
    const text = textOf(example);
    const index = tabs.findIndex((tab) => tab.query === text);
    if (index >= 0) return changeTab(index);
    addTab();
    queryEditor?.setValue(text);
  }

  return createPortal(
    <details ref={menu} className="menu">
      <summary>Examples 範例</summary>
      <div>
        {page.examples.map((example) => (
          <button key={example.name} type="button" onClick={() => open(example)} disabled={!queryEditor}>
            {example.title}
            <small lang="zh-Hant">{example.zh}</small>
          </button>
        ))}
      </div>
    </details>,
    into,
  );
}
