"""The embedded model in a web page, without a kernel and without a server.

`python -m spotnb.live.export` writes the networks of a model as ONNX graphs that read its weights from copies of its
safetensors files, and a description of the model. The JavaScript in `static/` runs them: it is the sampler of
`spotnb.sampling` again, for one sound and one prompt, and imports nothing of the DOM, so that it runs in a worker and
in node. Layouts come from the widgets' `layout.js`. Fixtures that Python writes (`python -m tests.live.fixtures`) hold
each piece of it to Python.
"""
