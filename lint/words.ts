// Words that do not name a file, a folder or a function, each with the one to write instead: one word has one meaning in the whole tree.
// And past participles, which name no function by themselves: a function is a verb.

const many = (words: string, instead: string): [string, string][] => words.split(' ').map((word) => [word, instead])

/** Below src. */
const inSource: ReadonlyMap<string, string> = new Map([
  ...many('told', 'redact for a text without secrets, reported for what is passed on'),
  ...many('story stories teller', 'events'),
  ...many('room rooms', 'space for bytes, kind or folder for code'),
  ...many('learn learnt', 'apply-fact'),
  ...many('supply', 'source'),
  ...many('reception', 'receiver'),
  ...many('share shared', 'clone-or-link'),
  ...many('ending', 'deletion'),
  ...many('place places', 'paths'),
  ...many('pace paced', 'rate-limit'),
  ...many('wire', 'line-reader'),
  ...many('wish wishes', 'desired'),
  ...many('farewell', 'giveUp'),
])

/** Everywhere. */
const inTree: ReadonlyMap<string, string> = new Map([
  ...many('bed lane lanes', 'shared cluster'),
  ...many('door doors', 'proxy'),
  ...many('bell', 'signal'),
  ...many('mischief', 'fault'),
  ...many('weather', 'network faults'),
  ...many('witness', 'invariants'),
])

const irregular: ReadonlySet<string> = new Set(
  (
    'begun born bought bound broken brought built caught chosen done drawn driven fallen felt forbidden forgotten found frozen given gone ' +
    'grown heard held hidden hung kept known laid learnt left lent lost made meant met overwritten paid rewritten risen said seen sent shown ' +
    'spent spoken stolen struck stuck sunk swept taken taught thought thrown told torn undone understood withdrawn withheld woken won written'
  ).split(' '),
)
/** They end like a participle, and are a verb or a noun. */
const verbs: ReadonlySet<string> = new Set(
  'bleed breed embed exceed feed heed need proceed seed shed shred speed succeed weed'.split(' '),
)

/** `movedAside`, `moved-aside.ts` → moved, aside */
function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '')
}

/** The first word of a name that is not to be used there, and what to write instead. */
export function forbiddenIn(name: string, isSource: boolean): { word: string; instead: string } | undefined {
  for (const word of wordsOf(name)) {
    const instead = inTree.get(word) ?? (isSource ? inSource.get(word) : undefined)
    if (instead !== undefined) return { word, instead }
  }
  return undefined
}

/** `created`, `given`; not `createdJob`, which says of what. */
export function isParticiple(name: string): boolean {
  const [word = '', ...more] = wordsOf(name)
  return more.length === 0 && !verbs.has(word) && (irregular.has(word) || (word.endsWith('ed') && word.length > 3))
}
