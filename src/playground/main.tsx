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

// For when there is no network. Not from an insecure origin, where browsers have none.
navigator.serviceWorker?.register("service-worker.js").catch(() => {});
