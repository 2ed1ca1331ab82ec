/**
 * Text as it stands inside the quotes of a JSON string, as a "byte string": one character (0 to 255) for each byte. V8
 * joins and writes such strings as plain bytes, which is what makes the generator fast.
 */

/**
 * How strings were written: `ascii` escapes everything beyond ASCII and `/`; `slash` escapes `/` only (seen in RC_2023-02,
 * whatever is said about 2021); `utf8` escapes what JSON requires.
 */
export type Escapes = 'ascii' | 'slash' | 'utf8';

/** The bytes of `text` inside a JSON string. Lone surrogates are escaped in every style. */
export function jsonBytes(text: string, escapes: Escapes): string {
  const json = escapeSlashes(JSON.stringify(text).slice(1, -1), escapes);
  if (escapes !== 'ascii') return utf8Bytes(json);
  return json.replace(/[\u0080-\uffff]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'));
}

/** JSON text with `/` written as that style of escapes does. */
export function escapeSlashes(json: string, escapes: Escapes): string {
  return escapes === 'utf8' ? json : json.replaceAll('/', '\\/');
}

/** The UTF-8 bytes of a text as a byte string. */
function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
