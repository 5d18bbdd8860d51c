// Words that name no file, no folder and no function, and participles that name no function (lint/words.ts).
import type { Bad } from './snippet.ts'

const word = (file: string, code: string, says: string): Bad => ({
  what: `${file}: ${code}`,
  file,
  code,
  rule: 'house(words)',
  says,
})
const one = 'export const x = 1'
const functionNamed = (name: string): string => `export function ${name}(): number {\n  return 1\n}`
const participle = (code: string): Bad => word('src/runtime/a.ts', code, 'a participle names no function')

export const badWords: readonly Bad[] = [
  word('src/kinds/snapshot/story.ts', one, 'not the word story; write events'),
  word('src/kinds/snapshot/before/room.ts', one, 'not the word room; write space'),
  word('src/kinds/instance/managed/safety-room.ts', one, 'not the word room; write space'),
  word('src/mover/io/pace.ts', one, 'not the word pace; write rate-limit'),
  word('src/mover/wire/frames.ts', one, 'wire/: not the word wire; write line-reader'),
  word('test/crash/weather.test.ts', one, 'not the word weather; write network faults'),
  word('bench/lane-pool.ts', one, 'not the word lane; write shared cluster'),
  word('src/runtime/a.ts', functionNamed('learnFact'), 'not the word learn; write apply-fact'),
  word('src/runtime/a.ts', functionNamed('toldOf'), 'not the word told; write redact'),
  word('src/runtime/a.ts', functionNamed('openDoors'), 'not the word doors; write proxy'),
  word('src/runtime/a.ts', 'export const placeOf = (): number => 1', 'not the word place; write paths'),
  word('src/runtime/a.ts', 'export const x = { makeRoom: (): number => 1 }', 'not the word room; write space'),
  word('src/runtime/a.ts', 'export interface X {\n  keyWish(): number\n}', 'not the word wish; write desired'),
  word('src/runtime/a.ts', 'export class X {\n  readonly farewell = (): number => 1\n}', 'write giveUp'),
  word('test/unit/a.test.ts', functionNamed('openBed'), 'not the word bed; write shared cluster'),
  word('test/unit/a.test.ts', functionNamed('ringBell'), 'not the word bell; write signal'),
  word('bench/a.ts', 'export const witnessOf = (): number => 1', 'not the word witness; write invariants'),
  participle(functionNamed('created')),
  participle('export const quoted = (text: string): string => text'),
  participle('export const held = function (): number {\n  return 1\n}'),
  participle('export class X {\n  written(): number {\n    return 1\n  }\n}'),
  participle('export class X {\n  #kept(): number {\n    return 1\n  }\n  x = (): number => this.#kept()\n}'),
]
