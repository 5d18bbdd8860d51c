// An Argo CD health script, run as Argo CD runs it (util/lua/lua.go): gopher-lua with the package, base and table libraries alone, one second,
// `obj` as the only input. What Argo CD says of an object on its way out without asking is here too (gitops-engine, pkg/health/health.go).
package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const hookFinalizer = "argocd.argoproj.io/hook-finalizer"

var healthCodes = []string{"Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"}

func argo(object *unstructured.Unstructured, script string) (*Verdict, error) {
	verdict, err := healthOf(object, script)
	if err != nil || verdict == nil {
		return verdict, err
	}
	if object.GetDeletionTimestamp() != nil && !slices.Contains(object.GetFinalizers(), hookFinalizer) {
		return &Verdict{Status: "Progressing", Message: pendingDeletion(object)}, nil
	}
	return verdict, nil
}

func pendingDeletion(object *unstructured.Unstructured) string {
	if finalizers := object.GetFinalizers(); len(finalizers) > 0 {
		return "Pending deletion; blocked by finalizers: " + strings.Join(finalizers, ", ")
	}
	return "Pending deletion"
}

func healthOf(object *unstructured.Unstructured, script string) (*Verdict, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return nil, err
		}
	}
	within, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	state.SetContext(within)
	state.SetGlobal("obj", luaValue(state, object.Object))
	if err := state.DoString(script); err != nil {
		return nil, err
	}
	switch returned := state.Get(-1).(type) {
	case *lua.LTable:
		return verdictIn(returned), nil
	case *lua.LNilType:
		// Argo CD takes it for "has no health": a sync hook succeeds at once.
		return &Verdict{Status: "None"}, nil
	default:
		return nil, fmt.Errorf("expect table output from Lua script, not %s", returned.Type())
	}
}

func verdictIn(table *lua.LTable) *Verdict {
	code := lua.LVAsString(table.RawGetString("status"))
	if !slices.Contains(healthCodes, code) {
		return &Verdict{Status: "Unknown", Message: "Lua returned an invalid health status"}
	}
	return &Verdict{Status: code, Message: lua.LVAsString(table.RawGetString("message"))}
}

func luaValue(state *lua.LState, value any) lua.LValue {
	switch known := value.(type) {
	case bool:
		return lua.LBool(known)
	case float64:
		return lua.LNumber(known)
	case int64:
		return lua.LNumber(known)
	case string:
		return lua.LString(known)
	case []any:
		table := state.CreateTable(len(known), 0)
		for _, item := range known {
			table.Append(luaValue(state, item))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(known))
		for member, item := range known {
			table.RawSetString(member, luaValue(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}
