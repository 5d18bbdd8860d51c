// verdicts says what GitOps tools make of Kubernetes objects: kstatus (Helm, Flux), an Argo CD health script, Flux's healthCheckExprs.
// One JSON object a line in, one a line out, in the same order. Each verdict comes of the library that the tool itself uses.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kubejson "k8s.io/apimachinery/pkg/util/json"
)

// Question is one line of input. Without a script or expressions that tool is not asked.
type Question struct {
	Object json.RawMessage   `json:"object"`
	Lua    string            `json:"lua,omitempty"`
	Exprs  map[string]string `json:"exprs,omitempty"`
}

// Verdict is what one tool says.
type Verdict struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// Answer is one line of output.
type Answer struct {
	Kstatus *Verdict `json:"kstatus,omitempty"`
	Argo    *Verdict `json:"argo,omitempty"`
	Flux    *Verdict `json:"flux,omitempty"`
}

func main() {
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		answer, err := answerTo(lines.Bytes())
		if err == nil {
			err = out.Encode(answer)
		}
		if err != nil {
			fail(err)
		}
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func answerTo(line []byte) (answer Answer, err error) {
	var question Question
	if err = json.Unmarshal(line, &question); err != nil {
		return answer, err
	}
	// Whole numbers become int64, as all three find them in a cluster.
	object := &unstructured.Unstructured{}
	if err = kubejson.Unmarshal(question.Object, &object.Object); err != nil {
		return answer, err
	}
	if answer.Kstatus, err = kstatus(object); err != nil {
		return answer, err
	}
	if question.Lua != "" {
		if answer.Argo, err = argo(object, question.Lua); err != nil {
			return answer, fmt.Errorf("health script on %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	if question.Exprs != nil {
		answer.Flux, err = flux(object, question.Exprs)
	}
	return answer, err
}

func kstatus(object *unstructured.Unstructured) (*Verdict, error) {
	result, err := status.Compute(object)
	if err != nil {
		return nil, err
	}
	return &Verdict{Status: result.Status.String(), Message: result.Message}, nil
}
