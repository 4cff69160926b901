"""The live page: what a study does and has done, in a browser. Reads the store, talks to the controller."""
