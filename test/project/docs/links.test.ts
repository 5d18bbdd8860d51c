// Every link between our own pages leads somewhere: the file is there, and so is the heading.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const repository = join(import.meta.dirname, '../../..')
const pages = ['README.md', 'charts/meili-operator/README.md', ...globSync('docs/**/*.md', { cwd: repository })].filter(
  (page) => existsSync(join(repository, page)),
)

/** What GitHub makes of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const withoutBlocks = (text: string): string => text.replace(/^ *```[^]*?^ *```$/gm, '')

const anchors = (text: string): readonly string[] =>
  [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))

function brokenLinks(page: string): readonly string[] {
  const text = withoutBlocks(readFileSync(join(repository, page), 'utf8')).replace(/`[^`\n]*`/g, '')
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^\w+:/.test(link))
  return links.filter((link) => {
    const [path = '', anchor] = link.split('#')
    const target = join(repository, path === '' ? page : normalize(join(dirname(page), path)))
    if (!existsSync(target)) return true
    return (
      anchor !== undefined &&
      (statSync(target).isDirectory() || !anchors(readFileSync(target, 'utf8')).includes(anchor))
    )
  })
}

test.each(pages)('the links of %s', (page) => {
  expect(brokenLinks(page)).toEqual([])
})
