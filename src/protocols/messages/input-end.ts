const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Tells from the pieces of a tool call's arguments whether their JSON object has ended. Chat marks the end of no single
 * call, so this is the first sign that its block can close. It counts brackets and validates nothing; arguments
 * that are empty or no object never end by themselves.
 */
export class InputEnd {
  #depth = 0;
  #begun = false;
  #inString = false;
  #escaped = false;

  get reached(): boolean {
    return this.#begun && this.#depth === 0 && !this.#inString;
  }

  push(piece: string): void {
    for (let i = 0; i < piece.length; i++) {
      const code = piece.charCodeAt(i);
      if (this.#inString) this.#cross(code);
      else if (code === QUOTE) this.#inString = true;
      else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        this.#begun = true;
        this.#depth++;
      } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) this.#depth--;
    }
  }

  #cross(code: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (code === BACKSLASH) this.#escaped = true;
    else if (code === QUOTE) this.#inString = false;
  }
}
