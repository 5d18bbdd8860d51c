// The text that goes with the programs: every package whose code is in them, with its licence word for word. Pure.
import type { BundledPackage } from './bundled-packages.ts'

const line = '-'.repeat(80)

export function licenseText(packages: readonly BundledPackage[]): string {
  const opening = [
    'meili-operator is under the MIT licence, see LICENSE. Its programs hold code of the packages below, each under its own licence:',
    ...packages.map(
      ({ name, version, license, programs }) => `  ${name} ${version}  ${license}  in ${programs.join(', ')}`,
    ),
    'In the image, the licence of Node lies beside its program, and those of system libraries in /usr/share/doc.',
  ].join('\n')
  return `${[opening, ...packages.map(({ name, version, texts }) => [line, `${name} ${version}`, line, '', texts.join('\n\n')].join('\n'))].join('\n\n')}\n`
}
