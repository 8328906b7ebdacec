/** The corner of the page where somebody logs in, is told who they are, and logs out. */

import { type FormEvent, useState } from "react";

import { type Login, page } from "./data";
import type { Viewer } from "./session";

interface FormProps {
  /** Why nobody is logged in, in the server's words; empty if nobody has tried. */
  problem: string;
  onToken: (token: string) => void;
}

/** A field for a token and, on the demo, its made-up people. */
export function LoginForm({ problem, onToken }: FormProps) {
  const [token, setToken] = useState("");

  function submit(event: FormEvent) {
    event.preventDefault();
    if (token.trim()) onToken(token.trim());
  }

  return (
    <div className="login">
      {page.logins.length > 0 && <People logins={page.logins} onToken={onToken} />}
      <form onSubmit={submit}>
        <label>
          Token 令牌
          <input
            type="password"
            value={token}
            onChange={(event) => setToken(event.target.value)}
            autoComplete="off"
            spellCheck={false}
          />
        </label>
        <button type="submit" disabled={!token.trim()}>
          Log in 登入
        </button>
      </form>
      <p role="alert">{problem}</p>
    </div>
  );
}

function People({ logins, onToken }: { logins: Login[]; onToken: (token: string) => void }) {
  return (
    <label>
      Try it as 試用身份
      <select
        value=""
        onChange={(event) => {
          const login = logins[Number(event.target.value)];
          if (login) onToken(login.token);
        }}
      >
        <option value="" disabled>
          …
        </option>
        {logins.map(({ title, zh }, index) => (
          <option key={title} value={index}>
            {zh} {title}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Who the server says you are, and the way out. */
export function Me({ viewer, onLeave }: { viewer: Viewer; onLeave: () => void }) {
  const places = viewer.isEverywhere ? ["everywhere 全部"] : viewer.places;
  return (
    <div className="me">
      <details className="menu">
        <summary>{viewer.name}</summary>
        <dl>
          <Words title="Roles 角色" words={viewer.roles} />
          <Words title="Places 地區" words={places} />
          <Words title="Permissions 權限" words={viewer.permissions} />
        </dl>
      </details>
      <button type="button" onClick={onLeave}>
        Log out 登出
      </button>
    </div>
  );
}

function Words({ title, words }: { title: string; words: string[] }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{words.length > 0 ? words.join(", ") : "none 無"}</dd>
    </>
  );
}
