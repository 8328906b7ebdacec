"""The common graph, declared with the bricks a plugin uses: places, households, the register, targets."""
