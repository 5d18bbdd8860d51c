// Kubernetes quantities as numbers, to compute with and to compare. Pure.

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** Undefined for a text that is no quantity. */
export function quantityValue(quantity: string | number): number | undefined {
  if (typeof quantity === 'number') return quantity
  const plain = /^[+-]?[\d.]+(?:[eE][+-]?\d+)?$/.test(quantity) ? Number(quantity) : Number.NaN
  if (!Number.isNaN(plain)) return plain
  const [, digits = '', unit = ''] = /^([+-]?[\d.]+)([A-Za-z]+)$/.exec(quantity) ?? []
  const factor = factors[unit]
  return digits === '' || factor === undefined ? undefined : Number(digits) * factor
}

/** Whole bytes of a size that the API server has accepted, rounded up. */
export function sizeBytes(quantity: string | number): number {
  return Math.ceil(quantityValue(quantity) ?? 0)
}
