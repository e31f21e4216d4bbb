import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./components/app.tsx";
import { findService } from "./service/find-service.ts";
import { startController } from "./state/controller.ts";
import { hasService } from "./state/run.ts";
import { language, theme } from "./state/settings.ts";
import { words } from "./state/words.ts";

effect(() => {
  document.documentElement.lang = language.value;
  document.documentElement.dataset.theme = theme.value;
  document.title = words.value.title;
});

render(<App />, document.getElementById("app") as HTMLElement);
startController();
findService().then((found) => {
  hasService.value = found;
});

// Keeps the page available without a network. Browsers allow service workers only from secure origins.
navigator.serviceWorker?.register("service-worker.js").catch(() => {});
