// Command argocd is Argo CD's application controller, applicationset controller and repository server, and a cache for
// them to share, in one binary; the name it is called by says which one runs.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	applicationset "github.com/argoproj/argo-cd/v3/cmd/argocd-applicationset-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

func main() {
	commands := map[string]func() *cobra.Command{
		"argocd-application-controller":    controller.NewCommand,
		"argocd-applicationset-controller": applicationset.NewCommand,
		"argocd-repo-server":               reposerver.NewCommand,
		"argocd-redis":                     newCacheCommand,
	}
	name := filepath.Base(os.Args[0])
	if commands[name] == nil {
		fmt.Fprintf(os.Stderr, "%s: call me by the name of a server of Argo CD, or argocd-redis\n", name)
		os.Exit(2)
	}
	if err := commands[name]().Execute(); err != nil {
		os.Exit(1)
	}
}

// newCacheCommand serves the Redis protocol from memory, with the server that Argo CD's own tests use. Argo CD keeps
// only what it can compute again there, so nothing that a test looks at depends on which server it is.
func newCacheCommand() *cobra.Command {
	var address string
	command := &cobra.Command{
		Use:          "argocd-redis",
		SilenceUsage: true,
		RunE:         func(*cobra.Command, []string) error { return serveCache(address) },
	}
	command.Flags().StringVar(&address, "address", "127.0.0.1:6379", "where to listen")
	return command
}

func serveCache(address string) error {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(address); err != nil {
		return err
	}
	defer server.Close()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	for second := time.Tick(time.Second); ; {
		select {
		case <-stop:
			return nil
		case <-second:
			server.FastForward(time.Second) // its entries grow older only when told to
		}
	}
}
