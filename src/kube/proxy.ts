// Which proxy leads to the API server: the kubeconfig's proxy-url, else that of the environment, read as Go reads it (golang.org/x/net/http/httpproxy),
// and so as kubectl does. A pod with a service account goes to its cluster's own address, and never by a proxy. Pure.
import { BlockList, isIP } from 'node:net'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Target {
  /** For example `https://10.96.0.1:443`. */
  readonly server: string
  /** The kubeconfig's; NO_PROXY does not concern it. */
  readonly proxyUrl?: string | undefined
}

/** Undefined: straight there. May hold a password. @throws Error with a sentence for people, without it, where the proxy is of a kind that is not spoken */
export function proxyTo({ server, proxyUrl }: Target, environment: Environment): string | undefined {
  const given = proxyUrl !== undefined && proxyUrl !== ''
  const proxy = given ? proxyUrl : proxyOfEnvironment(new URL(server), environment)
  if (proxy === undefined) return undefined
  const where = given ? 'proxy-url of the kubeconfig' : 'The proxy of the environment'
  const url = URL.parse(proxy.includes('://') ? proxy : `http://${proxy}`)
  if (url === null) throw new Error(`${where} is no URL`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error(`${where} is ${url.protocol}//${url.host}: only http and https are spoken here, no SOCKS`)
  return url.href
}

function proxyOfEnvironment(server: URL, environment: Environment): string | undefined {
  const either = (name: string): string | undefined =>
    [environment[name], environment[name.toLowerCase()]].find((value) => value !== undefined && value !== '')
  const host = hostOf(server)
  const proxy = either(server.protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY')
  if (proxy === undefined || isLoopback(host)) return undefined
  const exceptions = (either('NO_PROXY') ?? '').split(/[,\s]+/).filter((entry) => entry !== '')
  return exceptions.some((entry) => isExcepted({ host, port: portOf(server) }, entry)) ? undefined : proxy
}

function isExcepted({ host, port }: { readonly host: string; readonly port: string }, entry: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isWithin(host, entry)
  const { name, only } = splitEntry(entry.toLowerCase())
  if (only !== undefined && only !== port) return false
  if (isIP(name) !== 0) return name === host
  const suffix = name.replace(/^\*?\.?/, '.')
  return host.endsWith(suffix) || (!/^[*.]/.test(name) && host === name)
}

/** `name`, `name:port`, `[::1]:port`, `::1`. */
function splitEntry(entry: string): { readonly name: string; readonly only?: string } {
  const [, bracketed, plain, only] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? []
  const name = bracketed ?? plain ?? entry
  return only === undefined ? { name } : { name, only }
}

function isWithin(host: string, cidr: string): boolean {
  const [network = '', bits = ''] = cidr.split('/')
  const family = isIP(network)
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false
  const list = new BlockList()
  const type = family === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(network, Number(bits), type)
  return list.check(host, type)
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
const portOf = ({ port, protocol }: URL): string => (port === '' ? (protocol === 'http:' ? '80' : '443') : port)
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || isWithin(host, '127.0.0.0/8')
