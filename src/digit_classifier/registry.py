"""Named things that other packages may add to, through entry points."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from digit_classifier.errors import PluginError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """What was registered, by name, in the order of registration: the package's own first.

    Another package adds to it by an entry point of the registry's group, which names a module;
    importing the module registers what is in it. Plugins are imported at the first look.
    """

    def __init__(self, what: str, group: str, *modules: str) -> None:
        """Make an empty registry.

        Args:
            what: what one of these things is called, for sentences.
            group: of the entry points, such as "digit_classifier.networks".
            modules: of this package that add to it from files of their own; imported at the first
                look, before the plugins.
        """
        self.what, self.group, self._modules = what, group, modules
        self._things: dict[str, T] = {}
        self._asked = False

    def register(self, name: str, thing: T) -> None:
        """Add a thing.

        Raises:
            PluginError: the name is taken.
        """
        if name in self._things:
            raise PluginError(f"two {self.what}s are called {name!r}; rename one of them.")
        self._things[name] = thing

    def __getitem__(self, name: str) -> T:
        """What is registered under a name.

        Raises:
            KeyError: nothing is.
        """
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in order."""
        return iter(self._all())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all())

    def _all(self) -> dict[str, T]:
        if not self._asked:
            self._asked = True
            for module in self._modules:
                import_module(module)
            for point in entry_points(group=self.group):
                try:
                    import_module(point.module)
                except PluginError:
                    raise
                except Exception as error:
                    raise PluginError(
                        f"the plugin {point.value} of {point.dist.name if point.dist else '?'} "
                        f"cannot be loaded ({type(error).__name__}: {error}). Mend or uninstall it."
                    ) from error
        return self._things
