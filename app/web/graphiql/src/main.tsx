/** Starts the page. */

import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
