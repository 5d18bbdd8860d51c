// Holds a bill of materials to the schema of CycloneDX 1.6, with all its formats and the list of licences.
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'

/** Gives back null, or what is wrong. */
export async function schemaFaults(text: string): Promise<unknown> {
  return new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)
}
