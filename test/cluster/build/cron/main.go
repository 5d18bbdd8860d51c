// When Kubernetes' CronJob controller would run a schedule, by the library that it reads schedules with.
// Questions come as lines of JSON, answers go as lines of JSON, one for each: the next times, or why it cannot be read.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

type question struct {
	Schedule string    `json:"schedule"`
	TimeZone string    `json:"timeZone"`
	After    time.Time `json:"after"`
	Count    int       `json:"count"`
}

type answer struct {
	Times []time.Time `json:"times"`
	Error string      `json:"error,omitempty"`
}

func ask(q question) answer {
	zone, err := time.LoadLocation(q.TimeZone)
	if err != nil {
		return answer{Error: err.Error()}
	}
	schedule, err := cron.ParseStandard(q.Schedule)
	if err != nil {
		return answer{Error: err.Error()}
	}
	a := answer{Times: []time.Time{}}
	for at := q.After.In(zone); len(a.Times) < q.Count; {
		at = schedule.Next(at)
		// Nothing within five years.
		if at.IsZero() {
			break
		}
		a.Times = append(a.Times, at.UTC())
	}
	return a
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(ask(q)); err != nil {
			os.Exit(1)
		}
	}
}
