"""A contract of import-linter for the rooms of the house; pyproject.toml says which they are.

It is the contract "layers" with one more word: where `chapters` stands for a layer, that layer is
every folder of the package that no other layer names. So a new chapter is held by the rules without
being entered anywhere.
"""

from importlinter.contracts.layers import Layer, LayersContract, ModuleTail


class Rooms(LayersContract):
    type_name = "rooms"

    def check(self, graph, verbose):
        named = {tail.name for layer in self.layers for tail in layer.module_tails}
        (house,) = self.containers
        rooms = {
            child.rpartition(".")[2]
            for child in graph.find_children(house.expression)
            if graph.find_children(child)
        }
        chapters = Layer({ModuleTail(name) for name in rooms - named}, is_independent=True)
        self.layers = [
            chapters if layer.module_tails == {ModuleTail("chapters")} else layer
            for layer in self.layers
        ]
        return super().check(graph, verbose)
