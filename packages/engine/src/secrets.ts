import { openSealed, openVariables, type Value } from '@tiercel/expressions';
import { Masking } from '@tiercel/model';
import { inputVariables } from './input-variables.ts';
import type { ExecutionState } from './state.ts';
import { hasSealed, type ServerVariables } from './variables.ts';

/**
 * The plaintexts of an execution's secrets, as far as they have been read: all that the engine decrypts is decrypted here, and every text
 * that it makes for people goes through `mask`. Belongs to one call of `advance`.
 */
export class ExecutionSecrets {
  private readonly state: ExecutionState;
  private readonly server: ServerVariables;
  private readonly masking = new Masking();
  private readonly opened = new Map<string, string>();
  private knowsInputs = false;

  constructor(state: ExecutionState, server: ServerVariables) {
    this.state = state;
    this.server = server;
  }

  /** A secret that was read in another way: by `secret()`, or before it is encrypted. */
  readonly add = (secret: string): void => this.masking.add(secret);

  /** Variables with what is encrypted in them decrypted. Throws when the key is another one. */
  open(variables: Record<string, Value>): Record<string, Value> {
    const { cipher } = this.server;
    if (cipher === undefined || !hasSealed(this.state)) return variables;
    return openVariables(variables, this.openText);
  }

  /** Encrypts a value for its place in the row; undefined when the server has no key. */
  get seal(): ((text: string) => string) | undefined {
    const { cipher } = this.server;
    if (cipher === undefined) return undefined;
    return (text) => {
      this.add(text);
      return cipher.seal(text);
    };
  }

  /** A text for people: without the secret inputs of the execution, and without all else that has been read. */
  mask(text: string): string {
    this.knowInputs();
    return this.masking.apply(text);
  }

  /** Each text once: a loop reads the same ones again and again. */
  private readonly openText = (sealed: string): string => {
    let text = this.opened.get(sealed);
    if (text === undefined) {
      text = this.server.cipher!.open(sealed);
      this.opened.set(sealed, text);
      this.add(text);
    }
    return text;
  };

  /** Secret inputs are masked wherever they come from: a loop's value, or an output, may be made of one. */
  private knowInputs(): void {
    if (this.knowsInputs) return;
    this.knowsInputs = true;
    const { graph, execution } = this.state;
    const { cipher } = this.server;
    if (graph.inputs.secrets.length === 0 || cipher === undefined) return;
    openSealed(inputVariables(graph.inputs, execution.inputs, cipher), (sealed) => {
      try {
        return this.openText(sealed);
      } catch {
        // What this server cannot read (its key is another one now), it cannot have put into a text. The rendering tells of it.
        return sealed;
      }
    });
  }
}

/** A text about an execution without its secret inputs, for who has no step at hand. */
export const maskSecrets = (state: ExecutionState, server: ServerVariables, text: string): string =>
  new ExecutionSecrets(state, server).mask(text);
