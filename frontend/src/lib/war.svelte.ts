/** The war that is looked at: asked for once, and again when its forecast is there. */

import { json, type War } from "./api";

class Told {
  war = $state.raw<War | null>(null);
  error = $state("");

  async load(): Promise<void> {
    try {
      this.war = await json<War>("war");
      this.error = "";
    } catch (reason) {
      this.error = (reason as Error).message;
    }
  }
}

export const told = new Told();

/** Problems to show on top of the page, the latest last. */
class Problems {
  list = $state<string[]>([]);

  tell(reason: unknown): void {
    if (reason instanceof DOMException && reason.name === "AbortError") return;
    const message = reason instanceof Error ? reason.message : String(reason);
    if (!this.list.includes(message)) this.list.push(message);
  }

  dismiss(message: string): void {
    this.list = this.list.filter((each) => each !== message);
  }
}

export const problems = new Problems();
