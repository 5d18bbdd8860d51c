// What oxlint hands to a rule, as far as the house's rules read it (the shape is ESLint's).

export interface Node {
  readonly type: string
  readonly parent?: Node
  readonly object?: Node
  readonly property?: Node
  readonly callee?: Node
  readonly arguments?: readonly Node[]
  readonly name?: string
  readonly value?: unknown
  readonly operator?: string
  readonly computed?: boolean
  readonly async?: boolean
  /** Of a function or a variable: its name. */
  readonly id?: Node | null
  /** Of a variable: what it is set to. */
  readonly init?: Node | null
  /** Of a member: its name, `get` or `method`, and whether it is written as a method. */
  readonly key?: Node
  readonly kind?: string
  readonly method?: boolean
  /** Of an import or export: what it names. */
  readonly source?: Node | null
  readonly importKind?: string
  readonly exportKind?: string
}

export interface Comment {
  readonly type: string
  readonly loc: { readonly start: { readonly line: number }; readonly end: { readonly line: number } }
}

export interface Context {
  readonly filename: string
  readonly sourceCode: { readonly text: string; getAllComments(): readonly Comment[] }
  report(finding: { node: Node; message: string }): void
}

export interface Rule {
  create(context: Context): Readonly<Record<string, (node: Node) => unknown>>
}

/** `Date.now` for the expression Date.now or Date['now']; undefined for anything deeper or computed. */
export function memberName({ object, property, computed }: Node): string | undefined {
  const member = computed === true ? property?.value : property?.name
  return object?.type === 'Identifier' && typeof member === 'string' ? `${object.name ?? ''}.${member}` : undefined
}
