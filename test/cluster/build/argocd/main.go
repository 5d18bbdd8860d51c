// argocd is Argo CD's application controller and its repo server in one program, as Argo CD's own is: which one runs is said by the program's
// name. Its API server with the UI, and what else it has, is left out.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	controller "github.com/argoproj/argo-cd/v2/cmd/argocd-application-controller/commands"
	repository "github.com/argoproj/argo-cd/v2/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

var programs = map[string]func() *cobra.Command{
	"argocd-application-controller": controller.NewCommand,
	"argocd-repo-server":            repository.NewCommand,
}

func main() {
	create, known := programs[filepath.Base(os.Args[0])]
	if !known {
		fmt.Fprintln(os.Stderr, "argocd: call me by the name of one of Argo CD's programs")
		os.Exit(2)
	}
	if create().Execute() != nil {
		os.Exit(1)
	}
}
