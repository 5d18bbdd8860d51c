// The script that people put into a CronJob today, as one Job: ask, look each second, copy, check. A builder.

export interface ScriptOptions {
  readonly namespace: string
  readonly name: string
  /** With a shell and busybox' tools. */
  readonly image: string
  readonly address: string
  readonly server: string
}

const script = `set -e
auth="Authorization: Bearer $KEY"
uid=$(wget -q -O - --header "$auth" --post-data '' "http://$ADDRESS/snapshots" | sed 's/.*"taskUid":\\([0-9]*\\).*/\\1/')
until wget -q -O - --header "$auth" "http://$ADDRESS/tasks/$uid" | grep -q '"status":"succeeded"'; do sleep 1; done
mkdir -p "/backup/script/$NAME"
cp /source/data.ms.snapshot "/backup/script/$NAME/"
cd "/backup/script/$NAME"
sha256sum data.ms.snapshot > SHA256SUMS
sync
`

export function scriptJob({ namespace, name, image, address, server }: ScriptOptions): object {
  const env = [
    { name: 'ADDRESS', value: address },
    { name: 'NAME', value: name },
    { name: 'KEY', valueFrom: { secretKeyRef: { name: `${server}-keys`, key: 'MEILI_MASTER_KEY' } } },
  ]
  const mounts = [
    { name: 'source', mountPath: '/source', readOnly: true, subPath: 'snapshots' },
    { name: 'backup', mountPath: '/backup' },
  ]
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace, name },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            runAsGroup: 1000,
            fsGroup: 1000,
            fsGroupChangePolicy: 'OnRootMismatch',
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'script',
              image,
              imagePullPolicy: 'IfNotPresent',
              command: ['/bin/sh', '-c', script],
              env,
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              volumeMounts: mounts,
            },
          ],
          volumes: [
            { name: 'source', persistentVolumeClaim: { claimName: `data-${server}-0` } },
            { name: 'backup', persistentVolumeClaim: { claimName: 'backups' } },
          ],
        },
      },
    },
  }
}
