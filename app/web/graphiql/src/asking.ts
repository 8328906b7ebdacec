/** One question to the graph over HTTP, with a token or without. */

import type { ExecutionResult } from "graphql";

export interface Question {
  query: string;
  variables?: unknown;
  operationName?: string | null;
}

export interface Answer {
  /** The status of HTTP; 401 is a token that is missing or no longer good. */
  status: number;
  result: ExecutionResult;
}

/** Asks the graph; throws, in words for people, if what answers is not the graph. */
export async function ask(question: Question, token: string | null): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch("/graphql", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json, application/json",
        ...authorization(token),
      },
      body: JSON.stringify(question),
    });
  } catch {
    throw new Error("The server does not answer 伺服器沒有回應");
  }
  try {
    return { status: response.status, result: (await response.json()) as ExecutionResult };
  } catch {
    throw new Error(`The server answered ${response.status} without JSON 伺服器的回應不是 JSON`);
  }
}

/** The header by which a token is shown. */
export function authorization(token: string | null): Record<string, string> {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** What went wrong, in the server's words. */
export function told(result: ExecutionResult): string {
  return result.errors?.map((error) => error.message).join(" ") ?? "";
}
