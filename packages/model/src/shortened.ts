/** A text for a message, with an ellipsis where it was cut: by that the masking of secrets knows the rest of one. */
export const shortened = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}…` : text;
