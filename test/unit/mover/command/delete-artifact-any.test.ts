// `remove` before directories of every kind: either all of it is this object's and goes, or all of it stays as it is.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exitCodes, type DeleteArtifactConfig } from '../../../../src/mover/contract.ts'
import { Failure } from '../../../../src/mover/failure.ts'
import { deleteArtifact } from '../../../../src/mover/command/delete-artifact.ts'
import { quickDirectory } from '../../../support/mover/quick-directory.ts'

const object = { uid: '0a1b2c3d-1111', namespace: 'shop', name: 'nightly' }
const manifests = {
  ours: JSON.stringify({ schema: 1, object, file: { name: 'data.ms.snapshot' } }),
  theirs: JSON.stringify({
    schema: 1,
    object: { ...object, uid: 'ffffffff-1111' },
    file: { name: 'data.ms.snapshot' },
  }),
  broken: '{',
  none: undefined,
}

interface Content {
  readonly manifest: keyof typeof manifests
  readonly own: readonly string[]
  readonly strange: readonly { readonly name: string; readonly as: 'file' | 'directory' | 'link' }[]
}

const content: fc.Arbitrary<Content> = fc.record({
  manifest: fc.oneof(
    { weight: 4, arbitrary: fc.constant('ours' as const) },
    fc.constantFrom('theirs' as const, 'broken' as const, 'none' as const),
  ),
  own: fc.subarray(['data.ms.snapshot', 'SHA256SUMS']),
  strange: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('notes', 'data.ms.snapshot.old', '.hidden', 'MANIFEST.JSON', '…'),
        as: fc.constantFrom('file' as const, 'directory' as const, 'link' as const),
      }),
      { selector: ({ name }) => name, minLength: 1 },
    ),
  ),
})

function lay(directory: string, { manifest, own, strange }: Content): void {
  mkdirSync(directory)
  const text = manifests[manifest]
  if (text !== undefined) writeFileSync(join(directory, 'manifest.json'), text)
  for (const name of own) writeFileSync(join(directory, name), name)
  for (const { name, as } of strange) {
    if (as === 'file') writeFileSync(join(directory, name), name)
    else if (as === 'directory') mkdirSync(join(directory, name))
    else symlinkSync('../../precious', join(directory, name))
  }
}

const isOurs = ({ manifest, strange }: Content): boolean => manifest === 'ours' && strange.length === 0
/** What a killed run of `remove` leaves last. */
const isEmpty = ({ manifest, own, strange }: Content): boolean =>
  manifest === 'none' && own.length === 0 && strange.length === 0

function namesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted()
}

test('all goes, or nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.option(content, { nil: undefined }),
      fc.array(content, { maxLength: 2 }),
      fc.boolean(),
      async (final, leftovers, hasPartial) => {
        const root = mkdtempSync(join(quickDirectory, 'remove-'))
        const parent = join(root, 'products')
        mkdirSync(parent)
        writeFileSync(join(root, 'precious'), 'precious')
        if (final !== undefined) lay(join(parent, 'nightly-0a1b2c3d'), final)
        for (const [index, leftover] of leftovers.entries())
          lay(join(parent, `.nightly-0a1b2c3d.0000000${index}.deleting`), leftover)
        if (hasPartial)
          lay(join(parent, '.nightly-0a1b2c3d.1-1-00000000.partial'), {
            manifest: 'broken',
            own: [],
            strange: [{ name: 'notes', as: 'link' }],
          })
        const before = namesIn(parent)
        const config: DeleteArtifactConfig = {
          command: 'deleteArtifact',
          object,
          destination: { root, path: 'products', directory: 'nightly-0a1b2c3d', claim: 'backups' },
          extent: 'Everything',
          deadlineSeconds: 60,
        }
        try {
          const ended = await deleteArtifact(config).catch((error: unknown) => error)
          const after = namesIn(parent)
          if ((final === undefined || isOurs(final)) && leftovers.every((each) => isOurs(each) || isEmpty(each))) {
            expect(ended).toMatchObject({
              artifactOutcome: final === undefined && leftovers.length === 0 ? 'absent' : 'removed',
            })
            expect(after).toEqual([])
          } else {
            expect(ended).toBeInstanceOf(Failure)
            expect((ended as Failure).exitCode).toBe(exitCodes.destinationConflict)
            expect(after).toEqual(before)
          }
          expect(existsSync(join(root, 'precious'))).toBe(true)
        } finally {
          rmSync(root, { recursive: true })
        }
      },
    ),
    { numRuns: 300 },
  )
})
