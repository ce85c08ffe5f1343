"""An application's own actions: asked for, tried until they end, and recorded."""
