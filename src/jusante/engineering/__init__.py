"""Software engineering: a project folder as a graph, where its parts lie, new projects, schemas for editors."""
