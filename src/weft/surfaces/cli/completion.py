"""`weft completion`."""

from __future__ import annotations

import click

from weft.surfaces.cli import options, program


@options.command
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the script that completes commands, options and assets in a SHELL.

    Examples:
      eval "$(weft completion bash)"                      in ~/.bashrc
      eval "$(weft completion zsh)"                       in ~/.zshrc
      weft completion fish > ~/.config/fish/completions/weft.fish
    """
    from click import shell_completion

    kind = shell_completion.get_completion_class(shell)
    assert kind is not None
    made = kind(program.program, {}, "weft", "_WEFT_COMPLETE")
    click.echo(made.source_template % made.source_vars())
    return program.DONE
