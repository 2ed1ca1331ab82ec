/** Colour, where it is wanted. */
import { styleText } from 'node:util';

export type Paint = (style: 'bold' | 'dim' | 'green' | 'yellow' | 'red', text: string) => string;

/** A painter that colours, or leaves text as it is. */
export function painter(color: boolean): Paint {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}
