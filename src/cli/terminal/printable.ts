// Makes other people's text (names, messages, labels) fit for a terminal: one line of bounded length, and nothing that moves a cursor or hides text. Pure.

/** Line breaks and tabs, all other control characters (C0, DEL, C1), U+2028 and U+2029, and what is invisible or turns the writing (zero width, bidi, BOM). */
const control = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** As long as a name in Kubernetes may be: what stands in a column is cut behind that. */
export const longestField = 253
/** A condition's message is cut behind that, and with it each printed line. */
export const longestLine = 2000

/** @param longest in UTF-16 units; what is longer ends in an ellipsis */
export function printable(text: string, longest = longestLine): string {
  // Cut first: of a text without end only the beginning is looked at.
  return text.length <= longest
    ? text.replaceAll(control, ' ')
    : `${text
        .slice(0, longest - 1)
        .replaceAll(control, ' ')
        .toWellFormed()}…`
}

export const hasControl = (text: string): boolean => text.search(control) >= 0

/** The same characters as a machine reads them: escapes in a JSON or a double-quoted YAML string. The line breaks between strings stay. */
export function escapeControls(text: string, escape: (character: string) => string): string {
  return text.replaceAll(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu, escape)
}
