// When Kubernetes' CronJob controller would run a schedule, by its own library: built by test/cluster/build/binaries.ts.
module meili-operator.dev/test/cluster/cron

go 1.25.0

require github.com/robfig/cron/v3 v3.0.1
