// Imports that are refused in words of their own, wherever folders.ts would let them through.

const otherKind = 'A kind never imports another: kinds meet only through API objects.'

export const never: readonly { readonly files: RegExp; readonly imports: RegExp; readonly says: string }[] = [
  {
    files: /^(?!(reconcile|perform|kinds)\/)/,
    imports: /^(node:)?timers(\/|$)/,
    says: 'src/runtime/timers.ts alone makes timers: Node fires one of more than 24.8 days at once.',
  },
  { files: /./, imports: /(^|\/)main\.ts$/, says: 'Nobody imports a main: put what both need into a folder.' },
  {
    files: /^(reconcile|perform|kinds)\//,
    imports: /^(node:)?timers/,
    says: 'No sleeping in a reconcile: return requeueAfterMs.',
  },
  { files: /^kinds\/restore\//, imports: /^kinds\/(?!restore\/)/, says: otherKind },
  { files: /^kinds\/instance\//, imports: /^kinds\/(?!instance\/)/, says: otherKind },
  { files: /^kinds\/schedule\//, imports: /^kinds\/(?!schedule\/)/, says: otherKind },
  { files: /^kinds\/snapshot\//, imports: /^kinds\/(?!snapshot\/)/, says: otherKind },
  {
    files: /^cli\//,
    imports: /^kinds\/\w+\/(observe\/|controller\.ts$)/,
    says: "The plugin takes only pure files from a kind's folder: what reads or watches for the operator stays there.",
  },
]
