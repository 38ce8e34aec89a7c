"""maxops: the web application beside the MaxContact dialler."""
