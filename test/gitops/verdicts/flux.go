// healthCheckExprs of a Flux Kustomization: cel-go in the environment, and the order of questions, of Flux's own evaluator
// (fluxcd/pkg, runtime/cel/{expression,status_evaluator}.go), which itself would bring all of client-go along.
package main

import (
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/ext"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var fluxOrder = []struct{ member, status string }{{"inProgress", "InProgress"}, {"failed", "Failed"}, {"current", "Current"}}

// flux asks the expressions in turn; where none is true, or the status is of another generation, the object is in progress.
func flux(object *unstructured.Unstructured, exprs map[string]string) (*Verdict, error) {
	env, err := cel.NewEnv(
		cel.HomogeneousAggregateLiterals(), cel.EagerlyValidateDeclarations(true), cel.DefaultUTCTimeZone(true), cel.CrossTypeNumericComparisons(true),
		cel.OptionalTypes(), ext.Strings(), ext.Sets(), ext.Encoders(),
	)
	if err != nil {
		return nil, err
	}
	observed, isObserved, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	generation, hasGeneration, _ := unstructured.NestedInt64(object.Object, "metadata", "generation")
	if isObserved && hasGeneration && observed != generation {
		return &Verdict{Status: "InProgress"}, nil
	}
	for _, question := range fluxOrder {
		expr, isAsked := exprs[question.member]
		if !isAsked {
			continue
		}
		isTrue, err := evaluate(env, expr, object.Object)
		if err != nil {
			return &Verdict{Status: "Error", Message: err.Error()}, nil
		}
		if isTrue {
			return &Verdict{Status: question.status}, nil
		}
	}
	return &Verdict{Status: "InProgress"}, nil
}

// evaluate parses and does not type-check, as Flux does.
func evaluate(env *cel.Env, expr string, object map[string]any) (bool, error) {
	parsed, issues := env.Parse(expr)
	if issues != nil && issues.Err() != nil {
		return false, issues.Err()
	}
	program, err := env.Program(parsed, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return false, err
	}
	value, _, err := program.Eval(object)
	if err != nil {
		return false, fmt.Errorf("%s: %w", expr, err)
	}
	isTrue, isBoolean := value.(types.Bool)
	if !isBoolean {
		return false, fmt.Errorf("%s is no boolean", expr)
	}
	return bool(isTrue), nil
}
