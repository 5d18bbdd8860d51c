// The version of what was built: from package.json, bundled with each program.
import packageJson from '../../package.json' with { type: 'json' }

export const { version } = packageJson
