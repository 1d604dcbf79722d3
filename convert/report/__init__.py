"""What a conversion tells: the bundle, its report, and the page that shows it."""
